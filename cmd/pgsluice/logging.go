package main

import (
	"bytes"
	"strings"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// newLogger logs to con's bounded part: one line an event, as JSON or for people, without callers and stacks. An empty level
// is warn, since the progress lines are what a copy has to say while all is well.
func newLogger(con *console, level, format string) *zap.Logger {
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
	log := zap.New(zapcore.NewCore(encoder, zapcore.AddSync(con.logs()), at))
	if format == "json" {
		con.sayDropped(func(n int) []byte {
			entry := zapcore.Entry{Level: zapcore.WarnLevel, Time: time.Now(), Message: droppedText(n)}
			line, err := encoder.Clone().EncodeEntry(entry, nil)
			if err != nil {
				return nil
			}
			defer line.Free()
			return bytes.Clone(line.Bytes())
		})
	}
	return log
}

// asLog makes log entries of the messages that are written to it, one each: where stderr is read by a program, all of its
// lines are objects.
type asLog struct{ log *zap.Logger }

func (w asLog) Write(p []byte) (int, error) {
	if text := strings.TrimSpace(string(p)); text != "" {
		w.log.Warn(text)
	}
	return len(p), nil
}
