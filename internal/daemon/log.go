package daemon

import (
	"context"
	"fmt"
	"os"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/term"

	"switchyard/internal/redact"
)

// Log formats.
const (
	FormatAuto    = "auto" // text on a terminal, JSON elsewhere
	FormatJSON    = "json"
	FormatConsole = "console"
)

// NewLogger returns a logger to standard error, which leaves out the secrets of this process. level is debug, info, warn or error. The
// Redis client's own log becomes part of it, at debug level, for the whole process.
func NewLogger(level, format string) (*zap.Logger, error) {
	at, err := zapcore.ParseLevel(level)
	if err != nil {
		return nil, fmt.Errorf("log level %q: use debug, info, warn or error", level)
	}
	if format == FormatAuto {
		format = FormatJSON
		if term.IsTerminal(int(os.Stderr.Fd())) {
			format = FormatConsole
		}
	}
	log := zap.New(zapcore.NewCore(Encoder(format), zapcore.Lock(zapcore.AddSync(redact.Process.Log(os.Stderr))), at))
	redis.SetLogger(clientLog{log.Named("redis")})
	return log, nil
}

// Encoder returns what writes the lines of a log in a format, JSON or console.
func Encoder(format string) zapcore.Encoder {
	config := zap.NewProductionEncoderConfig()
	config.TimeKey, config.EncodeTime = "time", zapcore.ISO8601TimeEncoder
	config.EncodeDuration = zapcore.StringDurationEncoder
	if format == FormatConsole {
		config.EncodeTime = zapcore.TimeEncoderOfLayout("15:04:05.000")
		config.EncodeLevel = zapcore.CapitalLevelEncoder
		return zapcore.NewConsoleEncoder(config)
	}
	return zapcore.NewJSONEncoder(config)
}

// clientLog takes the Redis client's own lines. Each failure comes back to its caller,
// who says what it means; these repeat it many times a second during an outage.
type clientLog struct{ log *zap.Logger }

// Printf implements go-redis's logging interface.
func (l clientLog) Printf(_ context.Context, format string, args ...any) {
	l.log.Debug(fmt.Sprintf(format, args...))
}
