import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { isClinikoRecord } from '../records/clinikoRecord';
import { isUnreadable, type PatientAttachment } from '../records/patientAttachment';
import type { Processing } from './processing';
import type { Upload } from './uploadFile';

/** Finds out whether a file is on a patient's record already: the same name and size are there. */
export class AlreadyUploaded {
	private readonly lists = new Map<string, Promise<PatientAttachment[]>>();

	private readonly underWay = new Map<string, Promise<PatientAttachment>>();

	constructor(
		private readonly api: ClinikoApi,
		/** A record has no name and size until it is processed, so the fresh ones are waited for. */
		private readonly processing: Processing,
	) {}

	/**
	 * Uploads a file unless it is there already. Two equal files of one run count too: the second one
	 * gets the record of the first.
	 *
	 * @param send uploads it and gives the new record
	 * @returns the record that was there, or the new one
	 */
	async unlessThere(
		upload: Upload,
		send: () => Promise<PatientAttachment>,
	): Promise<PatientAttachment> {
		const { patientId, file } = upload;
		const key = JSON.stringify([patientId, file.name, file.size]);
		for (let first = this.underWay.get(key); first; first = this.underWay.get(key)) {
			// A file that failed is not there: an equal one is tried for itself.
			const record = await first.catch(() => undefined);
			if (record) return record;
		}
		const result = this.find(upload).then(async (record) => record ?? (await send()));
		this.underWay.set(key, result);
		result.catch(() => this.underWay.delete(key));
		return await result;
	}

	private async find({ patientId, file }: Upload): Promise<PatientAttachment | undefined> {
		let list = this.lists.get(patientId);
		if (!list) {
			list = this.listOf(patientId);
			this.lists.set(patientId, list);
			list.catch(() => this.lists.delete(patientId));
		}
		return (await list).find(
			(record) =>
				String(record.filename ?? '').normalize('NFC') === file.name &&
				Number(record.size) === file.size &&
				!isUnreadable(record),
		);
	}

	private async listOf(patientId: string): Promise<PatientAttachment[]> {
		const found: Array<Promise<PatientAttachment>> = [];
		for await (const rows of this.api.list('patient_attachments', [`patient_id:=${patientId}`], {
			what: `see which files patient ${patientId} has`,
		})) {
			for (const row of rows) {
				if (!isClinikoRecord(row)) continue;
				const fresh = row.processing_completed === false;
				found.push(fresh ? this.processing.finished(row).catch(() => row) : Promise.resolve(row));
			}
		}
		return await Promise.all(found);
	}
}
