package monitor

import (
	"context"
	"net/http"
	"time"
)

const maxScheduleRows = 1000

// ScheduleRow is one entry of the schedule. Times are shown in the zone they carry.
type ScheduleRow struct {
	Entry  string
	Kind   string
	Spec   string
	Zone   string
	Next   time.Time // zero: no further tick
	Last   time.Time // zero: none yet
	Paused bool
}

// ScheduleReader lists the schedule.
type ScheduleReader interface {
	// Entries returns at most limit entries, those due next first.
	Entries(ctx context.Context, limit int) ([]ScheduleRow, error)
}

type scheduleData struct {
	Rows []ScheduleRow
	Full bool // there may be more rows than shown
}

func (h *Handler) showSchedule(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readTimeout)
	defer cancel()
	rows, err := h.schedule.Entries(ctx, maxScheduleRows)
	if err != nil {
		h.unavailable(w, "schedule", err)
		return
	}
	h.show(w, http.StatusOK, "schedule", "Schedule", scheduleData{Rows: rows, Full: len(rows) >= maxScheduleRows})
}
