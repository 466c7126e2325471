package i18n

import "context"

// MaskWord says what a mask does; "" of no mask is "".
func MaskWord(ctx context.Context, mask string) string {
	if mask == "" {
		return ""
	}
	return T(ctx, maskWords[mask])
}

var maskWords = map[string]Key{
	"name": CommonMaskName, "phone": CommonMaskPhone, "card": CommonMaskCard, "id_number": CommonMaskID,
	"email": CommonMaskEmail, "address": CommonMaskAddress, "amount": CommonMaskAmount,
}

// Either is the one of two texts that is in the reader's language.
func Either(ctx context.Context, english, chinese string) string {
	if From(ctx) == Chinese {
		return chinese
	}
	return english
}
