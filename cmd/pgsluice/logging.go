package main

import (
	"io"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// newLogger logs to w: one line an event, as JSON or for people, without callers and stacks. An empty level
// is warn, since the progress lines are what a copy has to say while all is well.
func newLogger(w io.Writer, level, format string) *zap.Logger {
	at := zapcore.WarnLevel
	if level != "" {
		at, _ = zapcore.ParseLevel(level) // arrange lets only known levels through
	}
	config := zap.NewProductionEncoderConfig()
	config.CallerKey, config.StacktraceKey = zapcore.OmitKey, zapcore.OmitKey
	config.EncodeTime = zapcore.ISO8601TimeEncoder
	config.EncodeDuration = zapcore.StringDurationEncoder
	encoder := zapcore.NewJSONEncoder(config)
	if format != "json" {
		config.EncodeTime = zapcore.TimeEncoderOfLayout("15:04:05")
		config.ConsoleSeparator = " "
		encoder = zapcore.NewConsoleEncoder(config)
	}
	return zap.New(zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(w)), at))
}
