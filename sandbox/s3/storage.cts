import { mkdirSync, rmSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

/** An object in the bucket, or one that was there. */
export interface StoredObject {
	readonly key: string;
	/** Bytes. */
	readonly size: number;
	/** Hex digests of the bytes. */
	readonly sha256: string;
	readonly md5: string;
	/** The first bytes, enough to tell a file's type by. */
	readonly head: Buffer;
	/** Where the bytes are on disk. They stay there until a reset, whatever becomes of the key. */
	readonly path: string;
	readonly contentType: string;
	/** The form's fields as they were sent, by lower-case name. */
	readonly fields: Readonly<Record<string, string>>;
}

/** The bucket's objects, by key. */
export class Storage {
	readonly objects = new Map<string, StoredObject>();

	constructor(private readonly folder: string) {
		this.clear();
	}

	/** A path on disk that no object has. */
	freshPath(): string {
		return join(this.folder, randomUUID());
	}

	put(object: StoredObject): void {
		this.objects.set(object.key, object);
	}

	/** Puts the object under another key and takes it from its own. The bytes are not touched. */
	move(object: StoredObject, key: string): StoredObject {
		const moved = { ...object, key };
		this.put(moved);
		this.objects.delete(object.key);
		return moved;
	}

	/** Empties the bucket, on disk too. */
	clear(): void {
		this.objects.clear();
		rmSync(this.folder, { recursive: true, force: true });
		mkdirSync(this.folder, { recursive: true });
	}
}
