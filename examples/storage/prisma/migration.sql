-- CreateTable
CREATE TABLE "second_factor" (
    "user_id" TEXT NOT NULL,
    "revision" TEXT NOT NULL,
    "record" TEXT NOT NULL,

    CONSTRAINT "second_factor_pkey" PRIMARY KEY ("user_id")
);
