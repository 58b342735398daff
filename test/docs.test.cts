/** Documentation is only of use where it is true: what can be checked of it is checked here. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { INodeProperties, INodePropertyCollection, INodePropertyOptions } from 'n8n-workflow';

import { ClinikoApi } from '../credentials/ClinikoApi.credentials';
import { properties } from '../nodes/Cliniko/actions/operations';
import { ClinikoTrigger } from '../nodes/Cliniko/ClinikoTrigger.node';
import { settingsFrom } from '../sandbox/options.cts';

const ROOT = path.join(__dirname, '..');
const REPOSITORY = 'https://github.com/n8n-nodes-cliniko/n8n-nodes-cliniko';

const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');

/** The files below a folder of the project with one of these endings, from the project's root. */
function filesBelow(folder: string, endings: string[]): string[] {
	return readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
		const file = path.join(folder, entry.name);
		if (!entry.isDirectory()) return endings.includes(path.extname(file)) ? [file] : [];
		return ['node_modules', 'dist', '.git'].includes(entry.name) ? [] : filesBelow(file, endings);
	});
}

/** The ids that GitHub gives to the headings of a page. */
function anchorsOf(markdown: string): string[] {
	const count = new Map<string, number>();
	const headings = withoutCode(markdown).matchAll(/^#+ (.+)$/gm);
	return [...headings].map(([, heading]) => {
		const text = heading!.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
		const anchor = text.replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-');
		const before = count.get(anchor) ?? 0;
		count.set(anchor, before + 1);
		return before === 0 ? anchor : `${anchor}-${before}`;
	});
}

function withoutCode(markdown: string): string {
	return markdown.replace(/^```[^]*?^```/gm, '').replace(/<!--[^]*?-->/g, '');
}

/** Why an address within the project leads nowhere; nothing if it leads somewhere. */
function deadEnd(from: string, address: string): string[] {
	const [target = '', anchor] = decodeURI(address).split('#');
	const file = target === '' ? from : path.join(path.dirname(from), target);
	if (!existsSync(path.join(ROOT, file))) return [`${from}: there is no ${target}`];
	if (anchor === undefined || anchorsOf(read(file)).includes(anchor)) return [];
	return [`${from}: ${file} has no heading #${anchor}`];
}

describe('The documentation', () => {
	const pages = filesBelow('.', ['.md']);

	it.each(pages)('has no dead links in %s', (page) => {
		const links = [...withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, to]) => to!);
		const relative = links.filter((to) => !/^(https?|mailto):/.test(to));
		expect(relative.flatMap((to) => deadEnd(page, to))).toEqual([]);
	});

	it('has the pages that the node, the credential and GitHub’s forms link to', () => {
		const files = ['nodes', 'credentials', '.github'].flatMap((folder) =>
			filesBelow(folder, ['.ts', '.json', '.yml', '.md']),
		);
		const addresses = ['package.json', ...files].flatMap((file) =>
			[
				...read(file).matchAll(new RegExp(`${REPOSITORY}(#[\\w-]+|/blob/main/[^\\s'")]+)`, 'g')),
			].map(([, to]) => to!.replace('/blob/main/', '')),
		);
		const ofPages = addresses.filter((to) => to !== '#readme');
		expect(ofPages.length).toBeGreaterThan(2);
		expect(ofPages.flatMap((to) => deadEnd('README.md', to))).toEqual([]);
	});

	it('begins with a README that is soon read', () => {
		expect(read('README.md').trim().split(/\s+/).length).toBeLessThanOrEqual(1300);
	});

	it('describes every setting and its choices in the reference', () => {
		const reference = read('docs/reference.md');
		const names = [
			...properties
				.filter(({ name, type }) => type !== 'notice' && !['resource', 'operation'].includes(name))
				// Which fields a record has is said where the record is described.
				.map((one) => (one.name === 'outputFields' ? { ...one, options: [] } : one)),
			...new ClinikoTrigger().description.properties,
			// The shards that there are say nothing.
			...new ClinikoApi().properties.map((one) => ({ ...one, options: [] })),
		].flatMap(namesIn);
		expect(names.length).toBeGreaterThan(50);
		const missing = names.filter((name) => !reference.includes(`**${name}**`));
		expect([...new Set(missing)]).toEqual([]);
	});

	it('quotes the node’s messages as they are', () => {
		const source = ['nodes', 'credentials']
			.flatMap((folder) => filesBelow(folder, ['.ts']))
			.map(read)
			.join('\n')
			// Patients and attachments share some messages.
			.replaceAll('${noun}', 'patient');
		const quotes = [...read('docs/troubleshooting.md').matchAll(/“([^”]+)”/g)];
		const parts = quotes.flatMap(([, quote]) => quote!.split('…').map((part) => part.trim()));
		expect(parts.length).toBeGreaterThan(40);
		expect(parts.filter((part) => !source.includes(part))).toEqual([]);
	});

	it('names every setting of the sandbox', () => {
		const { policyConditions: _, onRequest: __, ...settings } = settingsFrom({});
		const guide = read('CONTRIBUTING.md');
		const missing = Object.keys(settings).filter((name) => !guide.includes(`\`${name}\``));
		expect(missing).toEqual([]);
	});
});

/** The labels that people read: of the fields and of what can be chosen in them. */
function namesIn({ displayName, type, options = [] }: INodeProperties): string[] {
	// The button under which the options of an operation are.
	const own = displayName === 'Options' ? [] : [displayName];
	if (type === 'fixedCollection') {
		return [
			...own,
			...(options as INodePropertyCollection[]).flatMap(({ values }) => values.flatMap(namesIn)),
		];
	}
	if (type === 'collection') return [...own, ...(options as INodeProperties[]).flatMap(namesIn)];
	return [...own, ...(options as INodePropertyOptions[]).map(({ name }) => name)];
}
