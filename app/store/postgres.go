package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
)

// postgresConns is the size of the pool by default: enough to keep one
// database busy from one node, few enough for several nodes under the usual
// limit of 100 connections.
const postgresConns = 16

// idleConnection is how long a connection that nobody needs stays open.
const idleConnection = 5 * time.Minute

func (s *Store) openPostgres(ctx context.Context, c Config) error {
	s.dialect = Postgres
	config, err := pgx.ParseConfig(c.DSN)
	if err != nil {
		return errors.New("the PostgreSQL DSN cannot be read") // pgx's own words may hold the password
	}
	conns := c.MaxConns
	if conns == 0 {
		conns = postgresConns
	}
	if c.ReadOnly {
		config.RuntimeParams["default_transaction_read_only"] = "on"
	}
	s.reader = stdlib.OpenDB(*config)
	s.reader.SetMaxOpenConns(conns)
	s.reader.SetMaxIdleConns(conns)
	s.reader.SetConnMaxIdleTime(idleConnection)
	if err := s.reader.PingContext(ctx); err != nil {
		return fmt.Errorf("reach PostgreSQL: %w", err)
	}
	if c.ReadOnly {
		return s.openGorm(nil, postgres.New(postgres.Config{Conn: s.reader}))
	}
	s.writer = s.reader
	if err := bringUp(ctx, s.writer, Postgres, c); err != nil {
		return err
	}
	dialector := postgres.New(postgres.Config{Conn: s.writer})
	return s.openGorm(dialector, dialector)
}

// Rebind turns each ? of a query into $1, $2, … on PostgreSQL and returns the
// query as it is on SQLite. A ? in a literal is not allowed. Call it once for
// each query, not for each use.
func (s *Store) Rebind(query string) string {
	if s.dialect != Postgres {
		return query
	}
	var b strings.Builder
	b.Grow(len(query) + 16)
	n := 0
	for _, r := range query {
		if r != '?' {
			b.WriteRune(r)
			continue
		}
		n++
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}
