import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Where n8n may leave what has passed through it, in the words of docs/privacy.md. */
export const PLACES = [
	'database',
	'file store',
	'log',
	'event log',
	'temporary folder',
	'other files',
] as const;
export type Place = (typeof PLACES)[number];

/** What an n8n with SQLite had on disk, and in its log, at one moment. */
export interface Traces {
	/** The places that hold a text, whatever the encoding. */
	placesOf: (text: string) => Place[];
	/** The columns of the database that hold a text, as `table.column`. */
	columnsOf: (text: string) => string[];
	/**
	 * Whether the bytes of the database's files hold a text or a half of it: SQLite splits long
	 * values, and leaves what has been deleted in the file until something else is written there.
	 */
	isInDatabaseFile: (text: string) => boolean;
}

/**
 * Reads all that n8n has left behind so far.
 *
 * @param folder that n8n keeps its `.n8n` in
 * @param temporary the folder for temporary files that it had for itself
 * @param log what it wrote to stdout and stderr
 * @param node n8n's Node, which has SQLite
 */
export function tracesOf(folder: string, temporary: string, log: string, node: string): Traces {
	const contents: Record<Place, Buffer[]> = {
		database: [],
		'file store': [],
		log: [Buffer.from(log)],
		'event log': [],
		'temporary folder': filesBelow(temporary).map(read),
		'other files': [],
	};
	const databaseFiles: Buffer[] = [];
	const columns = new Map<string, Buffer>();
	for (const file of filesBelow(folder)) {
		const [top = ''] = path.relative(path.join(folder, '.n8n'), file).split(path.sep);
		if (top === 'database.sqlite') {
			for (const [column, values] of Object.entries(columnsIn(file, node)))
				columns.set(column, Buffer.from(values));
		}
		if (top.startsWith('database.sqlite')) databaseFiles.push(read(file));
		else contents[placeOf(top)].push(read(file));
	}
	contents.database = [...columns.values()];
	const isIn = (forms: Buffer[]) => (content: Buffer) =>
		forms.some((form) => content.includes(form));
	return {
		placesOf: (text) => PLACES.filter((place) => contents[place].some(isIn(formsOf(text)))),
		columnsOf: (text) =>
			[...columns].filter(([, values]) => isIn(formsOf(text))(values)).map(([column]) => column),
		isInDatabaseFile(text) {
			const halves = formsOf(text).flatMap((form) => {
				const middle = Math.ceil(form.length / 2);
				return [form.subarray(0, middle), form.subarray(middle)];
			});
			return databaseFiles.some(isIn(halves));
		},
	};
}

/** The place of a file, by its top folder or name in `.n8n`. */
function placeOf(top: string): Place {
	if (top === 'storage' || top === 'binaryData') return 'file store';
	return top.startsWith('n8nEventLog') ? 'event log' : 'other files';
}

function filesBelow(folder: string): string[] {
	return readdirSync(folder, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map((entry) => path.join(entry.parentPath, entry.name));
}

/** Reads a file. n8n may have deleted it in the meantime. */
function read(file: string): Buffer {
	try {
		return readFileSync(file);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
		throw error;
	}
}

/** Prints the values of each column of a database, which may be text or bytes. */
const DUMP = `
	const { DatabaseSync } = require('node:sqlite');
	const database = new DatabaseSync(process.argv[1], { readOnly: true });
	const columns = {};
	const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
	for (const { name: table } of tables)
		for (const row of database.prepare('SELECT * FROM "' + table + '"').iterate())
			for (const [column, value] of Object.entries(row)) {
				const text = ArrayBuffer.isView(value) ? Buffer.from(value).toString('latin1') : value;
				(columns[table + '.' + column] ??= []).push(text);
			}
	process.stdout.write(JSON.stringify(columns, (_, value) =>
		Array.isArray(value) ? value.join('\\n') : typeof value === 'bigint' ? String(value) : value));
`;

/** The values of all rows by `table.column`. */
function columnsIn(database: string, node: string): Record<string, string> {
	return JSON.parse(runWithSqlite(node, DUMP, database)) as Record<string, string>;
}

/** Clears what has been deleted from the database of an n8n that has ended. */
export function clearDatabase(folder: string, node: string): void {
	const script = `
		const { DatabaseSync } = require('node:sqlite');
		const database = new DatabaseSync(process.argv[1]);
		database.exec('VACUUM');
		database.close();
	`;
	runWithSqlite(node, script, path.join(folder, '.n8n/database.sqlite'));
}

/** Runs a script with n8n's Node, which has SQLite, and the database as its argument. */
function runWithSqlite(node: string, script: string, database: string): string {
	const args = ['--no-warnings', '-e', script, database];
	return execFileSync(node, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
}

/** The forms in which a text may be kept: as it is, within JSON, an address, or base64. */
function formsOf(text: string): Buffer[] {
	return [
		text,
		JSON.stringify(text).slice(1, -1),
		encodeURIComponent(text),
		...[0, 1, 2].map((offset) => base64Within(text, offset)),
	].map((form) => Buffer.from(form));
}

/** The base64 of a text that starts at this offset of a longer one. */
function base64Within(text: string, offset: number): string {
	const encoded = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)]).toString('base64');
	return encoded.slice(offset === 0 ? 0 : 4, -4);
}
