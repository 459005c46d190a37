// Package token keeps the bearer tokens of a daemon's API: who may ask it, and what.
//
// A token is 256 random bits, shown once when it is made. The file has its SHA-256 alone. A slow hash with a salt, as passwords need, would guard
// against guessing what people choose; nobody guesses 256 bits, and each request would pay for it. Whoever reads the file can't get in with it.
package token
