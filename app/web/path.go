package web

import "encoding/base64"

// PathPart is an id that may hold any sign, as a part of a path.
func PathPart(id string) string { return base64.RawURLEncoding.EncodeToString([]byte(id)) }

// FromPathPart is the id that PathPart has made a part of; "" for what is none.
func FromPathPart(part string) string {
	id, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return ""
	}
	return string(id)
}
