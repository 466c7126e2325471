// Package records reads what the gateway has put on record: the issuance log,
// as it is and as it grows, the X-ray of one visit, and what a draft of the
// policy would have done to the calls of some days.
//
// Whatever it is asked for, it looks at a bounded number of rows along a key, and
// says how far it came. Personal data is shown by one function alone, after the
// ledger has taken down who asked and why.
//
// It writes nothing but the traces of reading (security checklist 29, 83), decides
// nothing about visits, and makes no sentences: what a code means is in views/i18n,
// how a page looks in views/console. Start at Page, Find, XRay and Preview.
package records
