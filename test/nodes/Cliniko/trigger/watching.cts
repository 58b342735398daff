import type { ClinikoRecord } from '../../../../nodes/Cliniko/records/clinikoRecord.ts';
import {
	newRecordsSince,
	startFromNow,
	type Cursor,
	type Watch,
} from '../../../../nodes/Cliniko/trigger/newRecords.ts';
import { CREATED, type ClinikoList } from './clinikoList.cts';

/** A cursor as it comes back from n8n's database. */
const stored = (cursor: Cursor) => JSON.parse(JSON.stringify(cursor)) as Cursor;

/** A watch with its cursor. */
export class Watching {
	private constructor(
		readonly list: ClinikoList,
		private readonly watch: Watch,
		public cursor: Cursor,
	) {}

	static async from(list: ClinikoList, watch = CREATED): Promise<Watching> {
		return new Watching(list, watch, await startFromNow(list.api, watch));
	}

	/** The ids of the records that one poll reports. */
	async poll(): Promise<string[]> {
		return idsOf(await this.pollForRecords());
	}

	/** The records that one poll reports, each as `12@3`: the id, and how often it was changed. */
	async pollForRevisions(): Promise<string[]> {
		return (await this.pollForRecords()).map(({ id, revision }) => `${id}@${String(revision)}`);
	}

	private async pollForRecords(): Promise<ClinikoRecord[]> {
		const { records, cursor } = await newRecordsSince(
			this.list.api,
			this.watch,
			stored(this.cursor),
		);
		this.cursor = cursor;
		return records;
	}
}

export const idsOf = (rows: Array<{ id: string }>) => rows.map(({ id }) => id);

export const sorted = (ids: string[]) => [...ids].sort((a, b) => Number(a) - Number(b));
