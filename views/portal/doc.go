// Package portal draws the screens of the partners' portal.
package portal
