package cli

import (
	"postern/app/bankfile"
	"postern/app/store"
)

type exportCommand struct {
	settings
}

// Run prints the file. It only looks at the database.
func (c exportCommand) Run(i invocation) error {
	config, err := c.database(i)
	if err != nil {
		return err
	}
	config.NoMigrate = true
	s, err := store.Open(i.ctx, config)
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
