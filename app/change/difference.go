package change

// Effect says what a difference does to what partners can reach.
type Effect int

// The effects. What needs a second person is Widens (design: four eyes).
const (
	Neutral Effect = iota
	Narrows
	Widens
)

// opposite is the effect of going back.
func (e Effect) opposite() Effect {
	switch e {
	case Widens:
		return Narrows
	case Narrows:
		return Widens
	}
	return Neutral
}

// Difference is one thing that a change changes, in words. Format and Args are
// the sentence's parts, so that it can be said in another language.
type Difference struct {
	Text   string   `json:"text"` // "status: active -> suspended"
	Effect Effect   `json:"effect"`
	Format string   `json:"format,omitempty"`
	Args   []string `json:"args,omitempty"`
}

// Widen reports whether one of the differences widens.
func Widen(list []Difference) bool {
	for _, d := range list {
		if d.Effect == Widens {
			return true
		}
	}
	return false
}
