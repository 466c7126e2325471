package demo

import "postern/app/demo/traffic"

// TrafficOptions says who would take part in the demo's traffic.
func (d *Demo) TrafficOptions() traffic.Options { return d.takers }

// BankURL is the address of the bank's loan system.
func (d *Demo) BankURL() string { return d.places.bank }
