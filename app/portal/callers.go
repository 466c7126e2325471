package portal

import (
	"net/netip"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/entrance"
	"postern/app/partners"
	"postern/app/web"
	"postern/views/i18n"
	"postern/views/portal"
)

// What a form says of who has called.
const (
	callersFor = 30 * 24 * time.Hour
	maxCallers = 50
)

// callers says from where an application was asked for of late, and which of that a list
// of addresses would refuse. A line that is no address lets nobody in.
func (p *Portal) callers(c *gin.Context, a partners.Application, addresses string) (v portal.CallersView, err error) {
	ctx, now := c.Request.Context(), p.o.Now()
	v.You = i18n.T(ctx, i18n.PortalYouAreAt, web.ClientAddress(c).String())
	sources, err := p.o.Store.SourcesOf(ctx, a.ID, now.Add(-callersFor).UnixMilli(), maxCallers)
	if err != nil {
		return v, err
	}
	var list []netip.Prefix
	for _, line := range entrance.Lines(addresses) {
		if prefix, ok := prefixOf(line); ok {
			list = append(list, prefix)
		}
	}
	for _, s := range sources {
		from, ok := prefixOf(s.Prefix)
		row := portal.CallerRow{Address: s.Prefix, Last: i18n.Date(ctx, time.UnixMilli(s.LastAt).In(p.o.Zone))}
		for _, prefix := range list {
			row.In = row.In || ok && prefix.Bits() <= from.Bits() && prefix.Contains(from.Addr())
		}
		v.Rows = append(v.Rows, row)
	}
	return v, nil
}

// prefixOf reads an address or a prefix.
func prefixOf(text string) (netip.Prefix, bool) {
	if prefix, err := netip.ParsePrefix(text); err == nil {
		return prefix.Masked(), true
	}
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(addr, addr.BitLen()), true
}
