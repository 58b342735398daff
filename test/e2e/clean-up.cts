import { rmSync } from 'node:fs';

/** Jest's global teardown. */
export default function cleanUp(): void {
	rmSync(process.env.E2E_FOLDER!, { recursive: true, force: true });
}
