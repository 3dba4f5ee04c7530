package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/xconfmap"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/pdata/plog"
)

// patientType sends logs by another exporter and gives nothing up that the store may still take: whatever it answers
// is tried again, but for "this very record is wrong". Other exporters give up on answers such as 401, 403 and 500, or
// have no retries at all.
var patientType = component.MustNewType("patient")

// refused are the answers that a store gives to what it will never take: bad request, too large, unprocessable.
var refused = regexp.MustCompile(`HTTP Status Code (400|413|422)\b`)

type patientConfig struct {
	Queue     exporterhelper.QueueBatchConfig `mapstructure:"sending_queue"`
	Retry     configretry.BackOffConfig       `mapstructure:"retry_on_failure"`
	Partition string                          `mapstructure:"partition_by"` // resource attribute; one call for each value
	Store     map[string]map[string]any       `mapstructure:"store"`        // the exporter by its type, and its settings
}

func newPatientFactory(stores ...exporter.Factory) exporter.Factory {
	byName := make(map[string]exporter.Factory, len(stores))
	for _, store := range stores {
		byName[store.Type().String()] = store
	}
	return exporter.NewFactory(
		patientType,
		func() component.Config {
			return &patientConfig{
				Queue: exporterhelper.NewDefaultQueueConfig(),
				Retry: configretry.NewDefaultBackOffConfig(),
			}
		},
		exporter.WithLogs(
			func(ctx context.Context, set exporter.Settings, config component.Config) (exporter.Logs, error) {
				return newPatient(ctx, set, config.(*patientConfig), byName)
			},
			component.StabilityLevelStable,
		),
	)
}

func newPatient(
	ctx context.Context, set exporter.Settings, config *patientConfig, stores map[string]exporter.Factory,
) (exporter.Logs, error) {
	if len(config.Store) != 1 {
		return nil, errors.New("store must name one exporter")
	}
	for name, settings := range config.Store {
		factory, known := stores[name]
		if !known {
			return nil, fmt.Errorf("store: unknown exporter %q", name)
		}
		inner := factory.CreateDefaultConfig()
		if err := confmap.NewFromStringMap(settings).Unmarshal(inner); err != nil {
			return nil, fmt.Errorf("store %s: %w", name, err)
		}
		if err := xconfmap.Validate(inner); err != nil {
			return nil, fmt.Errorf("store %s: %w", name, err)
		}
		own := set
		own.ID = component.NewIDWithName(factory.Type(), set.ID.Name())
		store, err := factory.CreateLogs(ctx, own, inner)
		if err != nil {
			return nil, err
		}
		return exporterhelper.NewLogs(
			ctx, set, config,
			func(ctx context.Context, logs plog.Logs) error { return deliver(ctx, store, logs, config.Partition) },
			exporterhelper.WithStart(store.Start),
			exporterhelper.WithShutdown(store.Shutdown),
			exporterhelper.WithQueue(config.Queue),
			exporterhelper.WithRetry(config.Retry),
			exporterhelper.WithTimeout(exporterhelper.TimeoutConfig{}), // the store has its own
			exporterhelper.WithCapabilities(store.Capabilities()),
		)
	}
	return nil, errors.New("store must name one exporter")
}

// deliver hands logs to the store; what it did not take is in the error, to be tried again.
func deliver(ctx context.Context, store exporter.Logs, logs plog.Logs, partition string) error {
	parts := partitions(logs, partition)
	var wrong error
	for index, part := range parts {
		err := store.ConsumeLogs(ctx, part)
		switch {
		case err == nil:
		case refused.MatchString(err.Error()):
			wrong = errors.Join(wrong, consumererror.NewPermanent(err))
		default:
			if consumererror.IsPermanent(err) {
				err = errors.New(err.Error()) // the mark would be seen through any wrapping
			}
			return consumererror.NewLogs(err, joined(parts[index:]))
		}
	}
	return wrong
}

// partitions are the logs by the value of a resource attribute, in the order in which values appear.
func partitions(logs plog.Logs, attribute string) []plog.Logs {
	if attribute == "" {
		return []plog.Logs{logs}
	}
	var found []plog.Logs
	at := map[string]int{}
	for _, resource := range logs.ResourceLogs().All() {
		value := ""
		if given, ok := resource.Resource().Attributes().Get(attribute); ok {
			value = given.AsString()
		}
		index, known := at[value]
		if !known {
			index = len(found)
			at[value] = index
			found = append(found, plog.NewLogs())
		}
		resource.CopyTo(found[index].ResourceLogs().AppendEmpty())
	}
	return found
}

func joined(parts []plog.Logs) plog.Logs {
	whole := plog.NewLogs()
	for _, part := range parts {
		for _, resource := range part.ResourceLogs().All() {
			resource.CopyTo(whole.ResourceLogs().AppendEmpty())
		}
	}
	return whole
}
