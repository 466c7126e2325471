package demo

import (
	"context"
	"errors"
	"time"

	"postern/app"
	"postern/models"
)

// announce tells partners something on a first start, as the demo's officer, so that a
// newcomer finds an announcement where partners read them.
func announce(ctx context.Context, a *app.App, s seeding) error {
	there, err := a.Store().Announcements(ctx, "", s.now.UnixMilli(), "", 1)
	if err != nil || len(there) > 0 {
		return err
	}
	officer, _, err := s.two(ctx)
	if errors.Is(err, errNoStaff) {
		return nil // somebody else's staff is in the folder
	}
	if err != nil {
		return err
	}
	for _, news := range []models.Announcement{
		{
			Kind: models.Information, StartsAt: s.now.UnixMilli(), EndsAt: s.now.AddDate(0, 0, 30).UnixMilli(),
			TitleZH: "欢迎使用合作方门户", TextZH: "公告在这里发布：维护、变更和故障都会提前或及时告知。\n“公告与状态”页列出各服务的开放时间、停机计划和密钥变更。",
			TitleEN: "Welcome to the partner portal", TextEN: "This is where the bank tells you of maintenance, changes and incidents.\nStatus lists when each service is open, which stops are planned and which keys change.",
		},
		{
			Kind: models.Maintenance, ServiceID: serviceID, StartsAt: s.now.Truncate(time.Hour).AddDate(0, 0, 5).UnixMilli(), EndsAt: s.now.Truncate(time.Hour).AddDate(0, 0, 5).Add(2 * time.Hour).UnixMilli(),
			TitleZH: "贷款页面例行维护", TextZH: "维护期间页面可能短暂不可用，无须操作。",
			TitleEN: "Maintenance of the loan pages", TextEN: "Pages may be gone for some minutes. You need to do nothing.",
		},
	} {
		if _, err := a.Announcements().Save(ctx, officer.Account, news, 0); err != nil {
			return err
		}
	}
	return nil
}
