package cli

import "postern/app/bankfile"

type exportCommand struct {
	settings
}

// Run prints the file. It only looks at the database.
func (c exportCommand) Run(i invocation) error {
	s, _, err := c.beside(i)
	if err != nil {
		return err
	}
	defer s.Close()
	file, err := bankfile.Export(i.ctx, s)
	if err != nil {
		return err
	}
	_, err = i.Out.Write(file)
	return err
}
