// Package layout draws what stands around every page: the console's sidebar
// and bar, the portal's top bar, the card of those who are not signed in.
//
// The frame takes its language from the context and everything else from one
// struct. Which pages a role may open the caller has decided already: what is
// in Nav is shown.
package layout
