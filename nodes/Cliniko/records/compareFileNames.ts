/**
 * How alike the name on a record and the name of a file are. `similar` is what Cliniko may have made
 * of the name: other marks and spaces, another case, letters without their accents or left out.
 */
export type NameMatch = 'exact' | 'similar' | 'different';

/** Compares the name that a record shows with a file's own. */
export function compareFileNames(onRecord: unknown, name: string): NameMatch {
	if (typeof onRecord !== 'string' || onRecord === '') return 'different';
	if (onRecord.normalize('NFC') === name.normalize('NFC')) return 'exact';
	return spellings(onRecord).some((one, at) => one !== '' && one === spellings(name)[at])
		? 'similar'
		: 'different';
}

/** A name in lower case without marks: all letters, without accents, and with plain letters only. */
function spellings(name: string): string[] {
	const lower = name.normalize('NFKC').toLowerCase();
	return [
		lower.replace(/[^\p{L}\p{N}]/gu, ''),
		lower.normalize('NFKD').replace(/[^a-z0-9]/g, ''),
		lower.replace(/[^a-z0-9]/g, ''),
	];
}
