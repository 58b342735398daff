import { rmSync } from 'node:fs';

/** After all tests. */
export default function cleanUp(): void {
	rmSync(process.env.E2E_FOLDER!, { recursive: true, force: true });
}
