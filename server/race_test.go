//go:build race

package server

// slowdown is how much longer things may take under the race detector.
const slowdown = 20
