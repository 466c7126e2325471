package traffic

// Lines is the line that sums up visits ended with these codes, and the next.
func Lines(codes []string, failed ...error) (first, second string) {
	var t tally
	for _, code := range codes {
		t.add(code, nil)
	}
	for _, err := range failed {
		t.add("", err)
	}
	return t.line(), t.line()
}
