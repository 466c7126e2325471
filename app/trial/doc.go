// Package trial plays a visit for somebody of a partner, step by step, with an application
// of theirs in the sandbox: the partner's back end (app/play/partner) and the bank's page
// (app/play/visitor), so that a developer sees every message sealed and opened.
//
// Nothing about it is a back door. A trial registers credentials of its own as the
// partner's user would, which end with it after an hour at most; its requests go through
// the gateway's own handler, from the developer's address, and everything that holds for
// others holds for them. Its keys, tokens and messages are in one row that is sealed under
// the gateway's subject key (docs/decisions/0040), so that any node goes on with it.
package trial
