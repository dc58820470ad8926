// Package calendar reads specs and finds their ticks: cron, rules of RFC 5545, intervals,
// single moments and the sun, through all changes of clocks.
package calendar
