package models

// JobRun is one run of a background job on one node.
type JobRun struct {
	Name    string `gorm:"primaryKey"`
	BeganAt int64  `gorm:"primaryKey;autoIncrement:false"` // Unix ms
	Node    string `gorm:"primaryKey"`
	EndedAt int64  // Unix ms; 0 while it runs
	Result  JobResult
	Note    string // what was done, for people
	Error   string
}

// TableName is jobs.
func (JobRun) TableName() string { return "jobs" }

// JobResult says how a run ended.
type JobResult string

// The results of a run. JobLost is one whose process was gone before it ended.
const (
	JobRunning   JobResult = "running"
	JobOK        JobResult = "ok"
	JobFailed    JobResult = "failed"
	JobCancelled JobResult = "cancelled"
	JobLost      JobResult = "lost"
)
