package recordview

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"postern/models"
	"postern/views/i18n"
	"postern/views/recordview"
	"postern/views/ui"
)

var verdictTones = map[models.Verdict]ui.Tone{
	models.AsItShould: ui.Ok, models.NotAsItShould: ui.Bad, models.NotSeen: ui.Warn, models.NotFelt: ui.Outline,
}

// Conformance shows a conformance run that by, a name, began; holds says whether it is as it
// was signed. Of one that goes on only the observations are shown.
func (v View) Conformance(ctx context.Context, run models.ConformanceRun, by string, holds bool) recordview.RunView {
	view := recordview.RunView{Title: i18n.T(ctx, i18n.Conformance), Table: v.observations(ctx, run)}
	if run.EndedAt == 0 {
		return view
	}
	signed := ui.BadgeView{Tone: ui.Ok, Text: i18n.T(ctx, i18n.ConformanceHolds)}
	if !holds {
		signed = ui.BadgeView{Tone: ui.Bad, Text: i18n.T(ctx, i18n.ConformanceBroken)}
		view.Note = &ui.NoteView{Tone: ui.Bad, Lead: i18n.T(ctx, i18n.ConformanceDoubt), Text: i18n.T(ctx, i18n.ConformanceDoubtTx)}
	}
	var f Facts
	f.Part(i18n.T(ctx, i18n.ConformanceResult), true, ui.Badge(Met(ctx, run, holds)))
	f.Text(i18n.T(ctx, i18n.ConformanceHowEnded), i18n.T(ctx, i18n.ConformanceEnds[string(run.Ended)]))
	f.Text(i18n.T(ctx, i18n.ConformanceBy), by)
	f.Text(i18n.T(ctx, i18n.ConformanceBegan), i18n.Stamp(ctx, v.inZone(run.BeganAt)))
	f.Text(i18n.T(ctx, i18n.ConformanceEnded), i18n.Stamp(ctx, v.inZone(run.EndedAt)))
	f.ID(i18n.T(ctx, i18n.ConformanceID), run.ID, "")
	f.Part(i18n.T(ctx, i18n.ConformanceSigned), true, ui.Badge(signed))
	view.Facts.Rows = f.Rows
	return view
}

// RunLinks lead to a conformance run of an application's; nowhere where there is none.
func (v View) RunLinks(ctx context.Context, application, run string) []ui.LinkView {
	if run == "" || v.Run == nil {
		return nil
	}
	return []ui.LinkView{{Text: i18n.T(ctx, i18n.ConformanceThis), Href: v.Run(application, run)}}
}

// Met says how much of a run is as it should be, if the signature of its result holds.
func Met(ctx context.Context, run models.ConformanceRun, holds bool) ui.BadgeView {
	if !holds {
		return ui.BadgeView{Tone: ui.Bad, Text: i18n.T(ctx, i18n.ConformanceBroken)}
	}
	met, of := models.Met(run.Observed)
	b := ui.BadgeView{Tone: ui.Warn, Text: i18n.T(ctx, i18n.ConformanceMet, met, of)}
	if met == of {
		b.Tone = ui.Ok
	}
	return b
}

// observations lists the kinds of weather with what was seen under each, or what is to come.
func (v View) observations(ctx context.Context, run models.ConformanceRun) ui.TableView {
	t := ui.TableView{Caption: i18n.T(ctx, i18n.Conformance), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.ConformanceWeather)}, {Text: i18n.T(ctx, i18n.ConformanceVerdict)}, {Text: i18n.T(ctx, i18n.ConformanceSeen)}, {Text: i18n.T(ctx, i18n.ConformanceRequest)},
	}}
	for i, w := range models.Weathers {
		row := ui.Row{Chosen: w == run.Stage, Cells: []ui.Cell{{Text: i18n.T(ctx, i18n.Weathers[string(w)].Name), Second: i18n.T(ctx, i18n.ConformanceRules[string(w)])}}}
		if i < len(run.Observed) {
			row.Cells = append(row.Cells, v.observation(ctx, run.Observed[i])...)
		} else {
			state := ui.BadgeView{Tone: ui.Outline, Text: i18n.T(ctx, i18n.ConformanceLater)}
			if w == run.Stage {
				state = ui.BadgeView{Tone: ui.Accent, Text: i18n.T(ctx, i18n.ConformanceOnNow)}
			}
			row.Cells = append(row.Cells, ui.Cell{Part: ui.Badge(state)}, ui.Cell{}, ui.Cell{})
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func (v View) observation(ctx context.Context, o models.Observation) []ui.Cell {
	badge := ui.BadgeView{Tone: verdictTones[o.Verdict], Text: i18n.T(ctx, i18n.ConformanceVerdicts[string(o.Verdict)])}
	seen := ui.Cell{Text: SeenWords(ctx, o), Second: i18n.T(ctx, i18n.ConformanceCures[string(o.Finding)])}
	request := ui.Cell{}
	if o.RequestID != "" && v.Visits != "" {
		request.Part = ui.Link(ui.LinkView{Text: i18n.Clock(ctx, v.inZone(o.FeltAt)), Href: v.Visits + "/request/" + url.PathEscape(o.RequestID)})
	}
	return []ui.Cell{{Part: ui.Badge(badge)}, seen, request}
}

// SeenWords is a sentence that says what an observation saw.
func SeenWords(ctx context.Context, o models.Observation) string {
	said := i18n.ConformanceFindings[string(o.Finding)]
	switch o.Finding {
	case models.NewAssertion, models.Waited, models.NewAT, models.TooEarly, models.SameAT:
		return i18n.T(ctx, said, i18n.Duration(ctx, time.Duration(o.Waited)*time.Millisecond))
	case models.Calm, models.Hammered:
		return i18n.T(ctx, said, o.Asked)
	}
	return i18n.T(ctx, said)
}

// SendResult sends the signed result of a run that has ended, as the compact JWS that it is.
func SendResult(c *gin.Context, run models.ConformanceRun) error {
	c.Header("Content-Disposition", `attachment; filename="conformance-`+url.PathEscape(run.ApplicationID)+"-"+run.ID+`.jwt"`)
	c.Data(http.StatusOK, "application/jwt", []byte(run.Result))
	return nil
}
