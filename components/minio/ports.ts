/** MinIO's own ports. */
export const apiPort = 9000;
export const consolePort = 9001;
