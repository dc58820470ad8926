package config

import "testing"

func TestOriginsAreWrittenAsBrowsersSendThem(t *testing.T) {
	c, err := Load("", []string{"SWITCHYARD_MONITOR_ORIGINS=https://app.example,http://localhost:3000,http://[::1]:5173"}, nil)
	if err != nil || len(c.Monitor.Origins) != 3 {
		t.Fatalf("%v, %v", c.Monitor.Origins, err)
	}
	const (
		every = " would let pages in that nobody has named, with any token they come by: name each origin, such as https://app.example"
		none  = " is no origin: use http or https, a host in ASCII and perhaps a port, such as https://app.example"
		use   = " is not as browsers write it: use "
	)
	for text, want := range map[string]string{
		"*":                         every,
		"https://*.app.example":     every,
		"app.example":               none,
		"null":                      none,
		"file:///":                  none,
		"https://":                  none,
		"https://bücher.example":    none,
		"https://app.example/":      use + "https://app.example",
		"https://app.example/x?y#z": use + "https://app.example",
		"https://u:p@app.example":   use + "https://app.example",
		"https://App.Example":       use + "https://app.example",
		"HTTPS://app.example":       use + "https://app.example",
		"https://app.example:443":   use + "https://app.example",
		"http://app.example:80":     use + "http://app.example",
	} {
		_, err := Load("", []string{"SWITCHYARD_MONITOR_ORIGINS=" + text}, nil)
		if want := `monitor.origins: "` + text + `"` + want; err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
