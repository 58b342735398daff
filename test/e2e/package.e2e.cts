import manifest from '../../package.json';
import { openClinic, type ClinicWithN8n } from './clinic.cts';

let clinic: ClinicWithN8n;
beforeAll(async () => {
	clinic = await openClinic('package');
});
afterAll(async () => await clinic.close());

interface Described {
	name: string;
	iconUrl: { light: string; dark: string };
}

/** n8n's names of the nodes or credentials in the package's manifest. */
const named = (entries: string[]): string[] =>
	entries
		.map((entry) => /(\w+)\.(node|credentials)\.js$/.exec(entry)![1]!)
		.map((name) => name[0]!.toLowerCase() + name.slice(1));

const described = async (kind: 'nodes' | 'credentials', names: string[]): Promise<Described[]> => {
	const all = await clinic.n8n.call<Described[]>('GET', `/types/${kind}.json`);
	return all.filter(({ name }) => names.includes(name));
};

const NODES = named(manifest.n8n.nodes).map((name) => `${manifest.name}.${name}`);
const CREDENTIALS = named(manifest.n8n.credentials);

it('n8n’s own installer installs the package as a community node', async () => {
	const [installed] = await clinic.n8n.call<
		Array<{ packageName: string; installedVersion: string; failedLoading: boolean }>
	>('GET', '/rest/community-packages');
	expect(installed).toMatchObject({
		packageName: manifest.name,
		installedVersion: manifest.version,
		failedLoading: false,
	});
});

it('n8n loads all its nodes and credentials', async () => {
	const names = (types: Described[]) => types.map(({ name }) => name).sort();
	expect(names(await described('nodes', NODES))).toEqual([...NODES].sort());
	expect(names(await described('credentials', CREDENTIALS))).toEqual([...CREDENTIALS].sort());
});

it('each of them has a light and a dark icon', async () => {
	const types = [
		...(await described('nodes', NODES)),
		...(await described('credentials', CREDENTIALS)),
	];
	for (const { name, iconUrl } of types) {
		for (const icon of [iconUrl.light, iconUrl.dark]) {
			const response = await fetch(`${clinic.n8n.url}/${icon}`);
			expect([name, icon, response.status]).toEqual([name, icon, 200]);
			expect(response.headers.get('content-type')).toContain('image/svg+xml');
			expect(await response.text()).toContain('<svg');
		}
	}
});

it('n8n complains of nothing in its log', () => {
	expect(clinic.n8n.log()).toContain('n8n ready on');
	expect(clinic.n8n.complaints()).toEqual([]);
});
