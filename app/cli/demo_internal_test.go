package cli

import (
	"path/filepath"
	"testing"
)

func TestADemoIsStartedAgainAsItWas(t *testing.T) {
	t.Parallel()
	data, err := filepath.Abs(defaultData)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, program string
		command       demoCommand
		want          string
	}{
		{"with nothing said", "/tmp/go-build1/b001/exe/postern", demoCommand{Data: data, BasePort: 8080}, "go run . demo"},
		{"a binary of its own", "./postern", demoCommand{Data: data, BasePort: 8080}, "./postern demo"},
		{"elsewhere", "./postern", demoCommand{Data: "/tmp/d", BasePort: 18080, Traffic: true}, "./postern demo --base-port 18080 --data /tmp/d --traffic"},
		{"a folder that a shell would take apart", "./postern", demoCommand{Data: "/tmp/it's here", BasePort: 8080}, `./postern demo --data '/tmp/it'\''s here'`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := tc.command.again(tc.program); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
}
