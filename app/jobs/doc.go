// Package jobs does what has to be done again and again, behind the gateway:
// one runner for each node, one job after the other, each run's begin, end and
// result on record.
//
// It owns when a job runs, on which node, and that it can be stopped; and the
// jobs that keep the database in order: deleting what is past its time and
// adding up days. What those are made of is app/store's SQL. Other jobs, such as
// the keys', come from who wires the runner. Nothing that is answered to a
// partner or a page waits for a job.
package jobs
