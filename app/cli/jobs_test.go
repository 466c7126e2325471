package cli_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"postern/app"
	"postern/app/apptest"
	"postern/app/keyring"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

func TestJobsAreRunAndListed(t *testing.T) {
	t.Parallel()
	c := storetest.SQLiteConfig(t)
	storetest.Open(t, c)
	code, out, errors := run(t, "jobs", "list", "--db", c.Path)
	if code != 0 || out != "No job has run yet.\n" {
		t.Fatalf("exit %d: %s%s", code, out, errors)
	}
	for name, want := range map[string]string{
		"retention": "retention ok nothing was past its time\n", "days": "days ok added up 0 counts\n",
	} {
		if code, out, errors := run(t, "jobs", "run", name, "--db", c.Path); code != 0 || out != want {
			t.Errorf("%s: exit %d: %s%s", name, code, out, errors)
		}
	}
	code, out, errors = run(t, "jobs", "list", "--db", c.Path)
	if code != 0 || !regexp.MustCompile(`(?m)^retention +command line +\d{4}-.* ok +nothing was past its time$`).MatchString(out) {
		t.Errorf("exit %d: %s%s", code, out, errors)
	}
}

func TestTheKeysJobWantsTheMasterKey(t *testing.T) {
	t.Parallel()
	c := storetest.SQLiteConfig(t)
	master, err := keyring.ParseMaster(testKey)
	if err != nil {
		t.Fatal(err)
	}
	apptest.New(t, c, apptest.Options{Config: func(c *app.Config) { c.Master = master }})
	if code, _, errors := run(t, "jobs", "run", "keys", "--db", c.Path); code != 1 || !strings.Contains(errors, "master_key: is missing") {
		t.Errorf("without the key: exit %d: %s", code, errors)
	}
	environment := map[string]string{"POSTERN_MASTER_KEY": testKey}
	if code, out, errors := runWith(t, environment, "jobs", "run", "keys", "--db", c.Path); code != 0 || !strings.HasPrefix(out, "keys ok") {
		t.Errorf("with it: exit %d: %s%s", code, out, errors)
	}
}

func TestAJobThatRunsElsewhereIsNotRun(t *testing.T) {
	t.Parallel()
	c := storetest.SQLiteConfig(t)
	s := storetest.Open(t, c)
	err := s.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.TakeLease("job retention", "another", 0, time.Now().Add(time.Hour).UnixMilli())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if code, _, errors := run(t, "jobs", "run", "retention", "--db", c.Path); code != 1 || !strings.Contains(errors, "is running on another node") {
		t.Errorf("exit %d: %s", code, errors)
	}
	if code, _, errors := run(t, "jobs", "run", "everything", "--db", c.Path); code != 2 || !strings.Contains(errors, "must be one of") {
		t.Errorf("an unknown job: exit %d: %s", code, errors)
	}
}

func TestJobsListAsksNoDatabaseThatIsNotThere(t *testing.T) {
	t.Parallel()
	if code, _, errors := run(t, "jobs", "list", "--db", t.TempDir()+"/none.db"); code != 1 || !strings.Contains(errors, "find database") {
		t.Errorf("exit %d: %s", code, errors)
	}
}

// A gateway's own jobs are on record under its node's name.
func TestAGatewaysJobsAreListed(t *testing.T) {
	t.Parallel()
	c := storetest.SQLiteConfig(t)
	w := apptest.New(t, c, apptest.Options{})
	w.Write(func(tx *store.Tx, now int64) error {
		return tx.BeginJob(models.JobRun{Name: "retention", Node: "node-1", BeganAt: now + 1, Result: models.JobRunning})
	})
	if code, out, errors := run(t, "jobs", "list", "--db", c.Path); code != 0 || !regexp.MustCompile(`(?m)^retention +node-1 .*running`).MatchString(out) {
		t.Errorf("exit %d: %s%s", code, out, errors)
	}
}
