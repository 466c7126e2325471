// Package backup copies a gateway's database and puts an old copy back.
//
// A copy is one SQLite file of one moment; PostgreSQL's own tools copy
// PostgreSQL. Putting a copy back is more than moving a file: what was spent
// since it was made looks unspent in it. So a restore begins anew: nothing that
// was issued before opens anything after (decision 0014). The package does not
// decide when to copy, and needs every gateway on the database to be stopped
// while it restores.
package backup
