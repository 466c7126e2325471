// Package models holds the plain structs of Postern's tables, their states and
// their invariants.
//
// Times are Unix milliseconds in both databases; zero means "not set". Hashes
// are base64url text. The package knows no SQL beyond gorm's tags, no clock and
// no HTTP; app/store reads and writes these structs.
package models
