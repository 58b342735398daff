/**
 * The result of a comparison. `similar` is a name that Cliniko may have changed: other punctuation,
 * spaces or case, and letters without their accents or left out.
 */
export type NameMatch = 'exact' | 'similar' | 'different';

/** Compares the name on a record with that of a file. */
export function compareFileNames(onRecord: unknown, name: string): NameMatch {
	if (typeof onRecord !== 'string' || onRecord === '') return 'different';
	if (onRecord.normalize('NFC') === name.normalize('NFC')) return 'exact';
	return spellings(onRecord).some((one, at) => one !== '' && one === spellings(name)[at])
		? 'similar'
		: 'different';
}

/** A name in lower case without punctuation: with all letters, without accents, with ASCII only. */
function spellings(name: string): string[] {
	const lower = name.normalize('NFKC').toLowerCase();
	return [
		lower.replace(/[^\p{L}\p{N}]/gu, ''),
		lower.normalize('NFKD').replace(/[^a-z0-9]/g, ''),
		lower.replace(/[^a-z0-9]/g, ''),
	];
}
