package work

import "time"

// Schedule makes a transfer at certain times.
type Schedule struct {
	Name string `json:"name"`
	Spec Spec   `json:"spec"`
	// Cron is five fields, in the zone TimeZone, an IANA name; "" is UTC.
	Cron     string `json:"cron"`
	TimeZone string `json:"time_zone,omitempty"`
	// Retention is, of dumps, which are kept.
	Retention Retention `json:"retention"`
	Suspended bool      `json:"suspended,omitempty"`
	Created   time.Time `json:"created"`
	By        string    `json:"by"`
	// Next is the next tick; the zero time if there is none. Last is the last one that made a transfer, LastID that transfer.
	Next   time.Time `json:"next,omitzero"`
	Last   time.Time `json:"last,omitzero"`
	LastID string    `json:"last_id,omitempty"`
}

// Retention says which of a schedule's dumps are kept; what any rule keeps stays. The zero value keeps all.
type Retention struct {
	Last    int `json:"last,omitempty"`    // the newest so many
	Days    int `json:"days,omitempty"`    // those of the last so many days
	Weekly  int `json:"weekly,omitempty"`  // the newest of each of the last so many weeks that have one
	Monthly int `json:"monthly,omitempty"` // the newest of each of the last so many months that have one
}
