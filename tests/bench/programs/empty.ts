// The floor: what Pulumi itself takes.
export {};
