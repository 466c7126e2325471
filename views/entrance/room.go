package entrance

import (
	"github.com/a-h/templ"

	"postern/views/i18n"
	"postern/views/layout"
)

// Words are what the entrance of a house says otherwise than that of another.
type Words struct {
	SignIn, SignInLead, NoWayIn i18n.Key
	Login                       i18n.Key // what one signs in with
	EmailHelp                   i18n.Key
	ToStart                     i18n.Key // the way back to the first page
}

// Outside is what stands around the pages of who is not in yet.
type Outside struct {
	Bank        string
	Base        string // of every address, such as "/console"
	Preferences layout.Preferences
	Words       Words
}

// Room is what stands around the pages of who is in.
type Room struct {
	Title string
	Base  string // of every address
	Frame templ.Component
	Words Words
}

// inside is the frame, as a call: templ reads what follows as what goes into it.
func (r Room) inside() templ.Component { return r.Frame }
