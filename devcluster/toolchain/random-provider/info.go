package main

import (
	_ "embed"

	pf "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/info"
	"github.com/terraform-providers/terraform-provider-random/shim"
)

// Both files are written by `go generate`.
var (
	//go:embed schema.json
	schema []byte
	//go:embed bridge-metadata.json
	bridgeMetadata []byte
)

// version is that of the npm package @pulumi/random, which asks for a plugin of its own version. Set by the linker.
var version = "4.21.2"

// randomProvider maps the one resource that the project uses, by the token of the npm package.
func randomProvider() tfbridge.ProviderInfo {
	return tfbridge.ProviderInfo{
		P:            pf.ShimProvider(shim.New()),
		Name:         "random",
		Version:      version,
		MetadataInfo: tfbridge.NewProviderMetadata(bridgeMetadata),
		Resources: map[string]*info.Resource{
			"random_password": {Tok: "random:index/randomPassword:RandomPassword"},
		},
		IgnoreMappings: []string{
			"random_bytes", "random_id", "random_integer", "random_pet", "random_shuffle", "random_string",
			"random_uuid", "random_uuid4", "random_uuid7",
		},
	}
}
