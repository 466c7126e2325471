// Package doctor looks at a gateway from outside and says what is wrong and what
// to do about it: configuration, listeners, certificates, database, clock, keys,
// origins and upstreams.
//
// It changes nothing, opens the database read-only, sends no business request,
// and may run beside a gateway. Entry: Patient.Examine.
package doctor
