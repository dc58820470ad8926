package telemetry

import (
	"encoding/json"
	"net/url"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
)

// The names of all that spans say. They are those of OpenTelemetry's semantic conventions
// 1.41.0 for messaging and for generative AI, which are still in development, and names of our
// own for what these do not have.
const (
	errorType = semconv.ErrorTypeKey
	userID    = semconv.UserIDKey

	messagingSystem      = semconv.MessagingSystemKey
	messagingOperation   = semconv.MessagingOperationNameKey
	messagingType        = semconv.MessagingOperationTypeKey
	messagingDestination = semconv.MessagingDestinationNameKey
	messagingID          = semconv.MessagingMessageIDKey

	operation      = semconv.GenAIOperationNameKey
	provider       = semconv.GenAIProviderNameKey
	agentName      = semconv.GenAIAgentNameKey
	conversation   = semconv.GenAIConversationIDKey
	requestModel   = semconv.GenAIRequestModelKey
	requestTokens  = semconv.GenAIRequestMaxTokensKey
	requestStream  = semconv.GenAIRequestStreamKey
	responseModel  = semconv.GenAIResponseModelKey
	finishReasons  = semconv.GenAIResponseFinishReasonsKey
	firstChunk     = semconv.GenAIResponseTimeToFirstChunkKey
	inputTokens    = semconv.GenAIUsageInputTokensKey
	cachedTokens   = semconv.GenAIUsageCacheReadInputTokensKey
	outputTokens   = semconv.GenAIUsageOutputTokensKey
	toolName       = semconv.GenAIToolNameKey
	toolCall       = semconv.GenAIToolCallIDKey
	toolType       = semconv.GenAIToolTypeKey
	toolArguments  = semconv.GenAIToolCallArgumentsKey
	toolResult     = semconv.GenAIToolCallResultKey
	instructions   = semconv.GenAISystemInstructionsKey
	inputMessages  = semconv.GenAIInputMessagesKey
	outputMessages = semconv.GenAIOutputMessagesKey
	serverAddress  = semconv.ServerAddressKey
	serverPort     = semconv.ServerPortKey

	taskKind    = attribute.Key("switchyard.task.kind")
	taskAttempt = attribute.Key("switchyard.task.attempt")
	taskOutcome = attribute.Key("switchyard.task.outcome")
	runtimeName = attribute.Key("switchyard.agent.runtime")
	stepName    = attribute.Key("switchyard.step.name")
	stepEffect  = attribute.Key("switchyard.step.effect")
	costAmount  = attribute.Key("switchyard.cost") // in the currency of the configured prices
)

// Sending describes a task on its way into a queue; does is "send", or "create" for one of
// many that are sent together. id is "" for a task that has none yet.
func Sending(does, queue, kind, id string) []attribute.KeyValue {
	about := task(does, queue, kind)
	if id != "" {
		about = append(about, SentAs(id))
	}
	return about
}

// Performing describes an attempt at a task. user may be "".
func Performing(queue, kind, id, user string, attempt int) []attribute.KeyValue {
	about := append(task("process", queue, kind), SentAs(id), taskAttempt.Int(attempt))
	if user != "" {
		about = append(about, userID.String(user))
	}
	return about
}

// task describes a task; what is done with it is one of the conventions' types of operation.
func task(does, queue, kind string) []attribute.KeyValue {
	return []attribute.KeyValue{
		messagingSystem.String("asynq"), messagingOperation.String(does), messagingType.String(does),
		messagingDestination.String(queue), taskKind.String(kind),
	}
}

// SentAs names the ID that a task was given.
func SentAs(id string) attribute.KeyValue { return messagingID.String(id) }

// Outcome says what became of an attempt.
func Outcome(outcome string) attribute.KeyValue { return taskOutcome.String(outcome) }

// Agent describes an attempt at a run of an agent.
func Agent(name, runtime, run string) []attribute.KeyValue {
	return []attribute.KeyValue{operation.String("invoke_agent"), agentName.String(name), runtimeName.String(runtime), conversation.String(run)}
}

// Step describes a step of a run.
func Step(name string, effect bool) []attribute.KeyValue {
	return []attribute.KeyValue{stepName.String(name), stepEffect.Bool(effect)}
}

// Asking describes a request to a model, by the name it has at its server. vendor is the
// conventions' name of whose API it is; maxTokens is 0 if nothing bounds the answer.
func Asking(vendor, model, baseURL string, maxTokens int) []attribute.KeyValue {
	about := []attribute.KeyValue{operation.String("chat"), provider.String(vendor), requestModel.String(model), requestStream.Bool(true)}
	if maxTokens > 0 {
		about = append(about, requestTokens.Int(maxTokens))
	}
	if u, err := url.Parse(baseURL); err == nil && u.Host != "" {
		about = append(about, serverAddress.String(u.Hostname()))
		if port, err := strconv.Atoi(u.Port()); err == nil {
			about = append(about, serverPort.Int(port))
		}
	}
	return about
}

// Answer is what is told of a model's answer.
type Answer struct {
	Model, Finish         string
	Input, Cached, Output int64 // tokens
	Cost                  float64
	First                 time.Duration // until its first piece came
}

// Answered describes a model's answer.
func Answered(a Answer) []attribute.KeyValue {
	return []attribute.KeyValue{
		responseModel.String(a.Model), finishReasons.StringSlice([]string{a.Finish}),
		inputTokens.Int64(a.Input), cachedTokens.Int64(a.Cached), outputTokens.Int64(a.Output),
		costAmount.Float64(a.Cost), firstChunk.Float64(a.First.Seconds()),
	}
}

// Tool describes a call of a tool; id is what the model calls it.
func Tool(name, id string) []attribute.KeyValue {
	return []attribute.KeyValue{operation.String("execute_tool"), toolName.String(name), toolType.String("function"), toolCall.String(id)}
}

// Arguments is what a tool is given. It may only be told under [WithContent], and so may
// Result, Instructions, Asked and Said.
func Arguments(text string) attribute.KeyValue { return toolArguments.String(text) }

// Result is what a tool brought.
func Result(text string) attribute.KeyValue { return toolResult.String(text) }

// Instructions is what a model is told before all else.
func Instructions(text string) attribute.KeyValue {
	return instructions.String(encode([]Part{{Type: "text", Content: text}}))
}

// Asked is the conversation that a model is to go on with.
func Asked(messages []Message) attribute.KeyValue { return inputMessages.String(encode(messages)) }

// Said is what it answered.
func Said(message Message) attribute.KeyValue {
	return outputMessages.String(encode([]Message{message}))
}

// Message is one of a conversation, in the conventions' JSON.
type Message struct {
	Role   string `json:"role"` // user, assistant or tool
	Parts  []Part `json:"parts"`
	Finish string `json:"finish_reason,omitempty"` // of an answer
}

// Part is one of a message. Its type is text, tool_call or tool_call_response.
type Part struct {
	Type      string          `json:"type"`
	Content   string          `json:"content,omitempty"`
	ID        string          `json:"id,omitempty"`
	Name      string          `json:"name,omitempty"`
	Arguments json.RawMessage `json:"arguments,omitempty"`
	Response  string          `json:"response,omitempty"`
}

// encode returns v as JSON. What a model wrote need not be any: it is left out then.
func encode(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(text)
}
