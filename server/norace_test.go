//go:build !race

package server

// slowdown is how much longer things may take under the race detector, which is off.
const slowdown = 1
