import { createHash } from 'node:crypto';
import {
	cpSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import path from 'node:path';

import { cacheFolder, installN8n, type Report } from '../n8n/install.cts';
import { prepareN8n, type Owner } from '../n8n/prepare.cts';
import { newOwner } from './owner.cts';

const ROOT = path.join(__dirname, '..');

/**
 * Puts n8n's folder into `folder`: with an owner, and with this package as it is built now. What
 * takes long is done once and kept in the user's cache folder.
 *
 * @param folder new
 * @returns the owner, whose password is this machine's own
 */
export async function makeHome(
	folder: string,
	report: Report,
	signal: AbortSignal,
): Promise<Owner> {
	const { name } = await installN8n({ report, signal });
	const kept = path.join(cacheFolder(), `try-${digestOf(name, builtFiles())}`);
	if (!existsSync(kept)) {
		const partial = `${kept}.partial`;
		for (const outdated of readdirSync(cacheFolder()).filter((one) => one.startsWith('try-'))) {
			rmSync(path.join(cacheFolder(), outdated), { recursive: true, force: true });
		}
		mkdirSync(partial, { mode: 0o700 });
		try {
			const owner = newOwner();
			await report('Installing this package in n8n', 25, async () => {
				await prepareN8n(path.join(partial, 'home'), owner, signal);
			});
			writeFileSync(path.join(partial, 'owner.json'), JSON.stringify(owner));
			renameSync(partial, kept);
		} catch (error) {
			rmSync(partial, { recursive: true, force: true });
			throw error;
		}
	}
	cpSync(path.join(kept, 'home'), folder, { recursive: true });
	return JSON.parse(readFileSync(path.join(kept, 'owner.json'), 'utf8')) as Owner;
}

/** What npm packs, apart from documents. */
function builtFiles(): string[] {
	const built = readdirSync(path.join(ROOT, 'dist'), { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map((entry) => path.join(entry.parentPath, entry.name));
	return [path.join(ROOT, 'package.json'), ...built.sort()];
}

function digestOf(name: string, files: string[]): string {
	const hash = createHash('sha256').update(name);
	for (const file of files)
		hash.update(`\0${path.relative(ROOT, file)}\0`).update(readFileSync(file));
	return hash.digest('hex').slice(0, 12);
}
