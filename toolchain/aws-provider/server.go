package main

import (
	"context"
	"encoding/json"
	"net/netip"
	"net/url"
	"os"
	"sync"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"
)

// awsServer is the bridge's server with two additions: a schema computed from the mapping, and no waiting for an AWS
// that runs on this machine.
type awsServer struct {
	pulumirpc.ResourceProviderServer
	info   tfbridge.ProviderInfo
	once   sync.Once
	schema []byte
	err    error
}

// GetSchema returns the Pulumi package schema, computed when it is first asked for. The bridge's own generator is a
// program of its own, with hundreds of packages for documentation and code in six languages.
func (s *awsServer) GetSchema(
	context.Context, *pulumirpc.GetSchemaRequest,
) (*pulumirpc.GetSchemaResponse, error) {
	s.once.Do(func() { s.schema, s.err = json.Marshal(packageSchema(s.info)) })
	return &pulumirpc.GetSchemaResponse{Schema: string(s.schema)}, s.err
}

// Configure takes the provider's settings. An AWS on loopback is consistent at once, while upstream waits for equal
// answers seconds apart: 25 s to create a queue and two minutes to delete it. Upstream knows one case without delays,
// the replay of recorded answers, chosen by two variables that its wait loop reads.
func (s *awsServer) Configure(
	ctx context.Context, request *pulumirpc.ConfigureRequest,
) (*pulumirpc.ConfigureResponse, error) {
	if onLoopback(request.GetArgs().GetFields()["endpoints"]) {
		for name, value := range map[string]string{"VCR_MODE": "REPLAY_ONLY", "VCR_PATH": os.DevNull} {
			if err := os.Setenv(name, value); err != nil {
				return nil, err
			}
		}
	}
	return s.ResourceProviderServer.Configure(ctx, request)
}

// onLoopback tells whether there are endpoints, and every one is an address of this machine. Structured settings of a
// provider travel as JSON text.
func onLoopback(setting *structpb.Value) bool {
	var endpoints []map[string]any
	if err := json.Unmarshal([]byte(setting.GetStringValue()), &endpoints); err != nil {
		return false
	}
	found := false
	for _, services := range endpoints {
		for _, endpoint := range services {
			text, _ := endpoint.(string)
			parsed, err := url.Parse(text)
			if err != nil {
				return false
			}
			address, err := netip.ParseAddr(parsed.Hostname())
			if parsed.Hostname() != "localhost" && (err != nil || !address.IsLoopback()) {
				return false
			}
			found = true
		}
	}
	return found
}
